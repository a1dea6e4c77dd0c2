"""`clca eval-wvs`: poll -> answers -> predictions -> scores -> tables."""
