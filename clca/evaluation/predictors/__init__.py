"""Who answers a sheet: a model in this process, or one behind a server.

sheet -> format -> prompts -> shared prefix -> odds or reply -> answers
"""
