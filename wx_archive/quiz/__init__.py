"""答题闯关: the bank, the play, ten right answers a card, ten cards a facsimile at the desk."""
