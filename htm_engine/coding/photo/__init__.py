"""Photographs: units predict blocks from their neighbours, compete, and the residual is coded."""
