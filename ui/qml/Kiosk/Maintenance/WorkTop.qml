pragma ComponentBehavior: Bound

import QtQuick

// The page's sentence, how it is with it, and how the last act ended.
Column {
    id: root

    property var vm: null

    spacing: Works.space(2)

    Row {
        width: parent.width
        spacing: Works.space(2.5)

        ToneMark {
            id: mark

            y: (Works.title * 1.4 - height) / 2
            visible: tone !== "plain"
            tone: root.vm && root.vm.there ? root.vm.tone : "plain"
        }

        WorkText {
            width: parent.width - (mark.visible ? mark.width + Works.space(2.5) : 0)
            text: root.vm ? root.vm.heading : ""
            font.pixelSize: Works.title
            font.bold: true
            lineHeight: 0.95
            Accessible.role: Accessible.Heading
        }
    }

    WorkText {
        width: parent.width
        visible: text !== ""
        text: root.vm ? root.vm.lead : ""
        color: Works.ink2
    }

    WorkNotice {
        width: parent.width
        text: root.vm ? root.vm.notice : ""
        tone: root.vm && root.vm.notice !== "" ? root.vm.noticeTone : "plain"
    }
}
