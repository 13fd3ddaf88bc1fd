"""The pages of the content calendar."""
