"""珍档: from a photo in the chat to an accession with a certificate."""
