"""档案查询: open records and current documents, in the chat and on pages."""
