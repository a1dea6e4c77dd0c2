"""Maps of data sources: embeddings of their texts by culture, projections, densities, and how far cultures separate."""
