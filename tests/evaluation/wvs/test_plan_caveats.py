from __future__ import annotations

from clca.content.lookup import Content
from clca.content.wvs_items import SHARES
from clca.evaluation.wvs.plan_caveats import share_caveats
from clca.evaluation.wvs.sampling import SampleSources, sample_culture
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.evaluation.wvs.suite import load_suite
from tests.conftest import Overlay


def test_shares_of_a_users_own_are_told_and_a_plain_copy_is_not(content: Content, overlay: Overlay) -> None:
    suite = load_suite(content)
    counts = {"japan": 1353}
    sources = SampleSources(None, suite.shares, suite.demographics, counts)
    layout = ScoreLayout(suite.items.items[:2])
    samples = {"japan": sample_culture(sources, "japan", ["japan"], layout, n=2, seed=42, weighted=False)}
    shipped = content.text(SHARES)
    assert share_caveats(overlay({SHARES: shipped}), samples) == []
    added = f"{shipped}portugal,PRT,Q1,1,1\n"
    assert share_caveats(overlay({SHARES: added}), samples) == [
        "Shares (japan): from this workspace's eval/wvs/shares.csv, which is not the shipped file."
    ]
