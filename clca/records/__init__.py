"""The records that flow through clca, in the order in which they are made.

culture -> norm, scenario -> turn -> judgement -> intent -> dialogue
respondent -> prediction, choice

Every record is frozen. The order of its fields is the order of the keys in the JSONL files.
"""

from clca.records.base import Gender, Line, PersonName, Record, Relationship, Slug
from clca.records.culture import (
    Address,
    Company,
    Courtesy,
    Culture,
    Gestures,
    Hofstede,
    MapPosition,
    Names,
    Register,
    School,
    Week,
)
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
from clca.records.evaluation import Choice, Method, Order, Prediction, Respondent
from clca.records.scenario import Norm, Participant, Place, Scenario, Seed

__all__ = [
    "Action",
    "Address",
    "Alignment",
    "AnsweredFacts",
    "Choice",
    "Company",
    "Confidence",
    "CountedFacts",
    "Courtesy",
    "Culture",
    "Dialogue",
    "Failure",
    "Gender",
    "Gestures",
    "Hofstede",
    "Intent",
    "Judgement",
    "Label",
    "LabelledTurn",
    "Line",
    "MapPosition",
    "Meta",
    "Method",
    "Names",
    "Norm",
    "Order",
    "Participant",
    "PersonName",
    "Place",
    "Prediction",
    "Quality",
    "Record",
    "Register",
    "Rejection",
    "Relationship",
    "Respondent",
    "Scenario",
    "School",
    "Seed",
    "Slug",
    "Turn",
    "TurnFault",
    "Usage",
    "Week",
]
