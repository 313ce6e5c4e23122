"""The catalogue: archive records and current documents, who may see them, and how they are found."""
