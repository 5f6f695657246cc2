"""All alerts."""

from __future__ import annotations

from deploy.monitoring.alert import Alert
from deploy.monitoring.learning import learning_alerts
from deploy.monitoring.service import service_alerts
from deploy.monitoring.windows import Windows


def alerts(windows: Windows, job: str) -> list[Alert]:
    """Those of the service, then those of what it learns.

    Parameters
    ----------
    windows : over which they look back
    job : regular expression of the job label of streamrnn's targets
    """
    return [*service_alerts(windows, job), *learning_alerts(windows)]
