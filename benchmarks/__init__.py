"""How far Codewalkers is from the floor: every figure beside something that needs no peer, measured in the same run."""
