pragma ComponentBehavior: Bound

import QtQuick

// The menu as a page of its own, with whatever rows it has under it.
WorkScroll {
    id: root

    property var vm: null

    begins: root.vm ? root.vm.path : ""

    WorkTop {
        width: parent.width
        vm: root.vm
    }

    WorkMenu {
        width: parent.width
        vm: root.vm
    }

    WorkRows {
        width: parent.width
        vm: root.vm
        rows: root.vm ? root.vm.entries : null
    }
}
