pragma ComponentBehavior: Bound

import QtQuick

// Rows: devices, tests, items, lines of the log.
WorkScroll {
    id: root

    property var vm: null

    begins: root.vm ? root.vm.path : ""

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
