pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Native
import Kiosk.Theme

// What a camera sees, as it comes, and what is measured on it.
Item {
    id: root

    property var vm: null

    Column {
        id: top

        width: Works.wide ? root.width - view.width - Works.space(5) : root.width
        spacing: Works.space(2)

        WorkTop {
            width: parent.width
            vm: root.vm
        }

        StepLine {
            vm: root.vm
        }
    }

    DeskPicture {
        id: view

        objectName: "maint-picture"
        anchors.right: parent.right
        y: Works.wide ? 0 : top.height + Works.space(3)
        width: Works.wide ? Math.round(root.width * 0.55) : root.width
        height: Works.wide ? root.height : Math.round(root.width * 0.75)
        corner: Works.radius
        ground: Works.slate
        good: Works.ok
        bad: Works.amber
        feed: root.vm
    }

    WorkText {
        anchors.centerIn: view
        visible: root.vm ? root.vm.there && !root.vm.pictured : false
        text: Words.t("maint.window.waiting_picture")
        color: Works.paleDim
    }

    WorkScroll {
        y: Works.wide ? top.height + Works.space(3) : view.y + view.height + Works.space(3)
        width: top.width
        height: root.height - y
        begins: root.vm ? root.vm.path : ""

        WorkRows {
            width: parent.width
            vm: root.vm
            rows: root.vm ? root.vm.entries : null
            abreast: false
        }

        WorkRows {
            width: parent.width
            vm: root.vm
            rows: root.vm ? root.vm.live : null
            abreast: false
        }
    }
}
