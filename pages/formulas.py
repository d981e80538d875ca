"""Formulas: every formula of the model with the numbers of a real patch put in."""

import numpy as np
import streamlit as st

from htm_engine import figures_formulas as figures
from htm_engine.errors import HTMError
from studio import drawing, formula_parts, frame, session, walkthrough
from studio.pictures import alt, sheet
from studio.walkthrough import number

BARE = {"displayModeBar": False}


def choose(found: session.CurrentModel, data) -> tuple[int, int, int, float, int]:
    h = found.model.hierarchy_
    columns = st.columns(5)
    picture = columns[0].number_input(
        "Picture", 0, len(data) - 1, 0, key="picture", bind="query-params",
        help="Which picture of the data the numbers come from.",
    )  # fmt: skip
    level = columns[1].number_input(
        "Level", 1, len(h.layers), 1, key="level", bind="query-params",
        help="1 is the level next to the picture.",
    )  # fmt: skip
    grid = h.grid_shapes[int(level) - 1]
    place = columns[2].number_input(
        "Patch", 0, 10**4, 0, key="place", bind="query-params",
        help=f"Position on the {grid[0]} by {grid[1]} grid of this level, in reading order.",
    )  # fmt: skip
    temperature = columns[3].slider(
        "Temperature T", 0.5, 30.0, 8.0, 0.5, key="heat", bind="query-params",
        help="High: every unit speaks. Low: the strongest alone. Training ends at 1.",
    )  # fmt: skip
    k = columns[4].slider(
        "Winners k", 1, 16, 1, key="winners", bind="query-params",
        help="How many units stay active.",
    )  # fmt: skip
    return int(picture), int(level) - 1, int(place) % int(np.prod(grid)), float(temperature), int(k)


def show_input(found: session.CurrentModel, walk: walkthrough.Walk, now, level: int) -> None:
    st.subheader("1 · Evidence", anchor=False)
    left, right = st.columns(2, gap="large")
    unit = now.strongest(1)[0]
    left.latex(r"e_i = w_i \cdot x + b_i")
    left.latex(rf"e_{{{unit}}} = \sum_j w_{{{unit},j}}\,x_j + b_{{{unit}}}")
    left.latex(
        rf"= {number(now.evidence[unit] - walk.b[unit])} + ({number(walk.b[unit])}) = "
        rf"{number(now.evidence[unit])}"
    )
    left.markdown(
        f"Each of the {len(walk.b)} units weighs the {walk.x.shape[1]} numbers of the patch. "
        "Right: the patch, then the prototypes of the three strongest units and what those "
        "units weigh (bright speaks for the unit, dark against)."
    )
    pictures, labels = formula_parts.patch_pictures(found.model, walk, now, level)
    right.image(
        sheet(pictures, labels=labels, columns=4, side=88, gap=10),
        alt=alt("The patch x, and prototypes and weights of the three strongest units"),
    )


def show_shares(now, temperature: float, k: int) -> None:
    st.subheader("2 · Activation and competition", anchor=False)
    left, right = st.columns(2, gap="large")
    unit = int(np.argmax(now.activation))
    top = now.evidence / temperature
    total = np.exp(top - top.max()).sum()
    left.latex(r"a_i = \frac{\exp(e_i/T)}{\sum_k \exp(e_k/T)}")
    left.latex(
        rf"a_{{{unit}}} = \frac{{\exp({number(top[unit])})}}{{\sum_k \exp(e_k/T)}} = "
        rf"\frac{{1}}{{{number(total)}}} = {number(now.activation[unit])}"
    )
    left.markdown(
        "Rewarding one unit **penalises** all others: the shares sum to one. Then only the "
        f"**{k}** strongest keep their share, renormalised:"
    )
    left.latex(
        rf"h_i = \frac{{a_i}}{{\sum_{{k\in\mathrm{{top}}\,{k}}} a_k}},\quad "
        rf"h_{{{unit}}} = {number(now.kept[unit])}"
    )
    figure, words = figures.shares(now.activation, now.kept)
    right.plotly_chart(figure, alt=words, config=BARE)


def show_loss(walk: walkthrough.Walk, now) -> None:
    st.subheader("3 · Every unit's own view, and the surprise", anchor=False)
    left, right = st.columns(2, gap="large")
    unit = now.strongest(1)[0]
    left.latex(r"z_i = U_i^\top (x - m_i),\qquad x_i = m_i + U_i z_i")
    left.latex(r"L = -\log \sum_i a_i \exp\left(-\frac{|x-x_i|^2}{2s^2}\right)")
    left.latex(rf"s^2 = {number(walk.s2)},\quad |x-x_{{{unit}}}|^2 = {number(now.errors[unit])}")
    left.latex(rf"L = {number(now.loss)}\ \mathrm{{nats}}")
    left.latex(
        r"r_i = \frac{a_i\,e^{-|x-x_i|^2/2s^2}}{\sum_k a_k\,e^{-|x-x_k|^2/2s^2}},\quad "
        rf"r_{{{unit}}} = {number(now.responsibility[unit])}"
    )
    right.markdown(
        f"The rank here is **{walk.u.shape[2]}**; with rank 0 a view is the prototype alone, "
        "the article's plain neuron. r is each unit's share in explaining the patch: its "
        "activation, corrected by how well it did. In a file, a winner of share r costs "
    )
    right.latex(
        rf"-\log_2 r_{{{unit}}} = {number(-np.log2(max(now.responsibility[unit], 1e-300)) + 0.0)}"
        r"\ \mathrm{bits\ of\ surprise}"
    )
    right.dataframe(
        formula_parts.unit_table(now), hide_index=True,
        alt="Evidence, activation, error and responsibility of the five strongest units",
    )  # fmt: skip


def show_step(key: str, start: walkthrough.Walk) -> None:
    st.subheader("4 · One step down the gradient", anchor=False)
    left, right = st.columns(2, gap="large")
    left.latex(r"\frac{\partial L}{\partial e_i} = \frac{a_i - r_i}{T}")
    left.latex(
        r"w \leftarrow w - \alpha \frac{\partial L}{\partial w},\qquad "
        r"b \leftarrow b - \alpha \frac{\partial L}{\partial b}"
    )
    left.latex(r"\frac{\partial L}{\partial m_i} = -\frac{r_i (x - x_i)}{s^2}")
    left.latex(r"\frac{\partial L}{\partial U_i} = -\frac{r_i (x - m_i) z_i^\top}{s^2}")
    rate = left.slider(
        "Step size α", 0.01, 2.0, 0.5, 0.01, key="rate", bind="query-params",
        help="How far a step goes. m and U move by α s², and U goes back to orthonormal (QR).",
    )  # fmt: skip
    walk, history = formula_parts.walked(key, start)
    buttons = left.container(horizontal=True)
    if buttons.button("Make one gradient step", type="primary", key="step"):
        formula_parts.advance(key, walk, rate)
        st.rerun()
    if buttons.button("Reset", key="reset", disabled=not walk.steps):
        formula_parts.reset(key)
        st.rerun()
    left.markdown(formula_parts.what_moved(start, walk, history))
    before, after = (walkthrough.stand(w) for w in (start, walk))
    figure, words = figures.moved(before.activation, after.activation)
    right.plotly_chart(figure, alt=words, config=BARE, key="moved")
    if walk.steps:
        figure, words = figures.losses(history)
        right.plotly_chart(figure, alt=words, config=BARE, key="losses")
    st.markdown("**Is the gradient right?** Beside each analytic derivative, the same by "
                "finite differences, at the entries where it is largest:")  # fmt: skip
    st.dataframe(
        formula_parts.check_table(walk), hide_index=True,
        alt="Largest derivative of every parameter, and its difference from finite differences",
    )  # fmt: skip


def show_pca(found: session.CurrentModel, data, picture: int) -> None:
    st.subheader("5 · The article's PCA at 95 % of the variance", anchor=False)
    left, right = st.columns(2, gap="large")
    pca = formula_parts.article_pca(data.fingerprint, data)
    left.latex(r"\hat x = \bar x + \sum_{j\le q} v_j v_j^\top (x-\bar x)")
    left.latex(r"\sum_{j\le q}\lambda_j \ge 0.95 \sum_j \lambda_j")
    left.markdown(
        f"**q = {pca.kept}** of {len(pca.cumulative)} components. One subspace serves every "
        "picture; the network chooses one of many by competition."
    )
    three = formula_parts.three_ways(found.model, data, picture, pca)
    left.image(
        sheet(drawing.picture_shape(found.model, three), columns=3, side=104,
              labels=["picture", f"PCA, {pca.kept} numbers", formula_parts.code_of(found.model)]),
        alt=alt("A picture, its PCA reconstruction and the network's"),
    )  # fmt: skip
    figure, words = figures.variance(pca.cumulative, pca.kept)
    right.plotly_chart(figure, alt=words, config=BARE)


frame.guard()
frame.page(
    "Formulas",
    ":material/function:",
    "Every formula of the network, with the numbers of one patch of one picture put in. Move a "
    "slider and they move; make a step and see what learning does.",
)
FOUND, DATA = session.current(), session.current_dataset()
if FOUND is None:
    st.stop()
st.caption(f"Numbers of the model {FOUND.described}.")
DATA = formula_parts.fitting_data(FOUND.model, DATA)
PICTURE, LEVEL, PLACE, HEAT, KEPT = choose(FOUND, DATA)
try:
    START = walkthrough.begin(FOUND.model, DATA.X[PICTURE], LEVEL, PLACE, HEAT)
    NOW = walkthrough.stand(START, KEPT)
    show_input(FOUND, START, NOW, LEVEL)
    show_shares(NOW, HEAT, KEPT)
    show_loss(START, NOW)
    show_step(
        f"{FOUND.model.fingerprint}/{DATA.fingerprint}/{PICTURE}/{LEVEL}/{PLACE}/{HEAT}", START
    )
    show_pca(FOUND, DATA, PICTURE)
except HTMError as exc:
    st.error(f"{exc}")
frame.share_link(
    {"picture": PICTURE, "level": LEVEL + 1, "place": PLACE, "heat": HEAT, "winners": KEPT}
    | ({"rate": st.session_state["rate"]} if "rate" in st.session_state else {})
)
