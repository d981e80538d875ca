"""The sections of the formulas page: each formula, its numbers, and the same in code."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from htm_engine import figures_formulas as figures
from htm_engine.datasets import Dataset

from . import drawing, formula_parts, session, snippets, walkthrough
from .pictures import alt, sheet
from .walkthrough import number

BARE = {"displayModeBar": False}


def in_code(program: str) -> None:
    """The runnable program beside a formula."""
    with st.expander("The same in code"):
        st.code(program, language="python")


def evidence(
    found: session.CurrentModel,
    walk: walkthrough.Walk,
    now: walkthrough.Stand,
    where: snippets.Where,
) -> None:
    """What each unit makes of the patch."""
    level = where.level
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
    in_code(snippets.of_patch("evidence", where))


def shares(now: walkthrough.Stand, where: snippets.Where) -> None:
    """Activation and competition."""
    temperature, k = where.temperature, where.k
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
    right.plotly_chart(figure, alt=words, config=BARE, key="shares")
    in_code(snippets.of_patch("shares", where))


def loss(walk: walkthrough.Walk, now: walkthrough.Stand, where: snippets.Where) -> None:
    """Views, loss and responsibilities."""
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
    in_code(snippets.of_patch("loss", where))


def step(key: str, start: walkthrough.Walk, where: snippets.Where) -> None:
    """One step of gradient descent, by a click."""
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
    in_code(snippets.of_patch("step", replace(where, rate=float(rate))))


def pca(found: session.CurrentModel, data: Dataset, where: snippets.Where) -> None:
    """The article's peer."""
    picture = where.picture
    st.subheader("5 · The article's PCA at 95 % of the variance", anchor=False)
    left, right = st.columns(2, gap="large")
    parts = formula_parts.article_pca(data.fingerprint, data)
    left.latex(r"\hat x = \bar x + \sum_{j\le q} v_j v_j^\top (x-\bar x)")
    left.latex(r"\sum_{j\le q}\lambda_j \ge 0.95 \sum_j \lambda_j")
    left.markdown(
        f"**q = {parts.kept}** of {len(parts.cumulative)} components. One subspace serves every "
        "picture; the network chooses one of many by competition."
    )
    three = formula_parts.three_ways(found.model, data, picture, parts)
    left.image(
        sheet(drawing.picture_shape(found.model, three), columns=3, side=104,
              labels=["picture", f"PCA, {parts.kept} numbers", formula_parts.code_of(found.model)]),
        alt=alt("A picture, its PCA reconstruction and the network's"),
    )  # fmt: skip
    figure, words = figures.variance(parts.cumulative, parts.kept)
    right.plotly_chart(figure, alt=words, config=BARE, key="variance")
    in_code(snippets.of_pca(where.data))
