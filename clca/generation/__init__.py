"""Generation: scenarios are adapted to a culture, played, judged, filtered and labelled with intents."""
