"""The figures of every feature on one page, and 人次 and 件次 with their definitions."""
