"""The catalogue: archive records and current documents, who may see and how one finds them."""
