"""What the terminal shows of an evaluation."""

import math

from reid.evaluation.bootstrap import Estimate
from reid.reports import spread


def test_a_figure_stands_with_its_interval_alone_or_not_at_all():
    assert spread(Estimate(0.78699, 0.702, 0.858)) == "0.787\n(0.70–0.86)"
    assert spread(Estimate(0.78699, 0.702, 0.858), " ") == "0.787 (0.70–0.86)"
    assert spread(Estimate(0.5, math.nan, math.nan)) == "0.500"
    assert spread(Estimate(math.nan, math.nan, math.nan)) == ""
