"""A profile for the doctor's tests; whoever uses it fills in the backend's address."""

from __future__ import annotations

PROFILE = """
[terminal]
area_code = "140213"
province = "山西省"
city = "大同市"
district = "平城区"
street = "南关街道"
name = "3 号机"
registrar = "大同市平城区行政审批服务管理局"
[data]
folder = "data"
[backend]
url = "{url}"
[access]
staff_secret_file = "staff.secret"
"""

TEST_PROFILE = PROFILE.replace("[data]", "test = true\n[data]")  # as the demo's terminal is
