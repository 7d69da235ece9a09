"""The operator's command line: what a person does to a deployment, from a laptop.

python -m ops --help. One module per command; `machine` runs other programs, `target`
says which project, `report` is how findings look.
"""
