"""What the pages share; Streamlit is allowed here, and nothing of the engine imports it.

Reading order: ``frame`` (navigation, headers, links), ``session`` (what a visitor carries
from page to page), ``pictures`` (arrays to PNG), ``showcase`` (what the home page shows).
"""
