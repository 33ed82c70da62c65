"""How many there are: closed population estimators and multiple imputation. Imports numpy alone, nothing of reid."""
