"""What of clca works on this machine, and how to mend what does not. Nothing is asked of any network or model."""
