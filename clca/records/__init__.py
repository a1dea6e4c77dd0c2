"""The records that flow through clca, in the order in which they are made.

culture -> norm, scenario -> turn -> judgement -> intent -> dialogue
respondent -> prediction, choice

Every record is frozen. The order of its fields is the order of the keys in the JSONL files.
"""

from clca.records.base import (
    FirstOrSecond,
    Gender,
    Licence,
    Line,
    OptionalLine,
    PersonName,
    Record,
    Relationship,
    Slug,
)
from clca.records.culture import Company, Culture, Hofstede, MapPosition, Reader, School, Week
from clca.records.dialogue import (
    Action,
    Alignment,
    AnsweredFacts,
    Confidence,
    CountedFacts,
    Dialogue,
    Failure,
    Intent,
    Judgement,
    Label,
    LabelledTurn,
    Meta,
    Quality,
    Rejection,
    Turn,
    TurnFault,
    Usage,
)
from clca.records.evaluation import Choice, Method, Order, Prediction, Respondent, Scoring
from clca.records.manners import Address, AddressRule, Courtesy, Gesture, Gestures, Prop, Register, Role
from clca.records.names import Community, Generation, Names
from clca.records.scenario import Norm, Participant, Place, Scenario, Seed

__all__ = [
    "Action",
    "Address",
    "AddressRule",
    "Alignment",
    "AnsweredFacts",
    "Choice",
    "Community",
    "Company",
    "Confidence",
    "CountedFacts",
    "Courtesy",
    "Culture",
    "Dialogue",
    "Failure",
    "FirstOrSecond",
    "Gender",
    "Generation",
    "Gesture",
    "Gestures",
    "Hofstede",
    "Intent",
    "Judgement",
    "Label",
    "LabelledTurn",
    "Licence",
    "Line",
    "MapPosition",
    "Meta",
    "Method",
    "Names",
    "Norm",
    "OptionalLine",
    "Order",
    "Participant",
    "PersonName",
    "Place",
    "Prediction",
    "Prop",
    "Quality",
    "Reader",
    "Record",
    "Register",
    "Rejection",
    "Relationship",
    "Respondent",
    "Role",
    "Scenario",
    "School",
    "Scoring",
    "Seed",
    "Slug",
    "Turn",
    "TurnFault",
    "Usage",
    "Week",
]
