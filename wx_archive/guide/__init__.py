"""服务指南, welcome, help, keyword and default answers."""
