"""Opens links on a server's pages as a first visitor, and prints what each page shows."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from streamlit.testing.v1 import AppTest  # noqa: E402


def shown(app: AppTest) -> dict[str, list[str]]:
    """Words, numbers, pictures (named by their content) and figures of a page, in order."""
    found = {
        kind: [str(element.value) for element in app.get(kind)]
        for kind in ("title", "subheader", "markdown", "caption", "metric", "code", "info")
    }
    found["pictures"] = [
        f"{picture.url} {picture.alt}" for e in app.get("image") for picture in e.proto.imgs
    ]
    found["figures"] = [e.proto.spec for e in app.get("plotly_chart")]
    found["tables"] = [e.value.to_csv() for e in app.dataframe]
    return found


def main() -> None:
    for page, query in json.load(sys.stdin):
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
        for key, value in query.items():
            app.query_params[key] = value
        app.run()
        if page != "home":
            app.switch_page(f"pages/{page}.py")
            for key, value in query.items():
                app.query_params[key] = value
            app.run()
        print(json.dumps({"page": page, "failed": len(app.exception), "shown": shown(app)}))


if __name__ == "__main__":
    main()
