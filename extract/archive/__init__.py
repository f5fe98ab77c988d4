"""Days of raw in object storage: exported, verified, dropped, brought back, and redacted where they lie."""
