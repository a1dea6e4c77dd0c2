"""Cultural specificity (C-SPEC) of score matrices."""
