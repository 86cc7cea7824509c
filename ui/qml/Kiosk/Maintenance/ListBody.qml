pragma ComponentBehavior: Bound

import QtQuick

// Rows: devices, tests, items, lines of the log.
WorkScroll {
    id: root

    property var vm: null

    readonly property string lead: root.vm ? root.vm.lead : ""
    readonly property string notice: root.vm ? root.vm.notice : ""

    begins: root.vm ? root.vm.path : ""
    // What is asked, or how an act ended, stands above the rows: whoever touched one further down is to see it.
    onLeadChanged: if (root.lead !== "") root.toTop()
    onNoticeChanged: if (root.notice !== "") root.toTop()

    WorkTop {
        width: parent.width
        vm: root.vm
    }

    WorkRows {
        width: parent.width
        vm: root.vm
        rows: root.vm ? root.vm.entries : null
    }
}
