"""`extract alert`: what is wrong, told to a webhook once."""
