pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// What the pinyin may mean, best first; the bar turns pages with its last key.
Item {
    id: root

    property var vm: null
    readonly property bool busy: root.vm ? root.vm.composing : false

    height: Theme.elder ? Theme.space(15) : Theme.minimum

    Rectangle {
        anchors.fill: parent
        radius: Theme.radiusSmall + Theme.space(0.5)
        color: Theme.surface
    }

    Label {
        visible: !root.busy
        anchors.verticalCenter: parent.verticalCenter
        x: Theme.space(4)
        width: parent.width - 2 * x
        text: root.vm ? root.vm.hint : ""
        font.pixelSize: Theme.small
        color: Theme.ink2
    }

    ListView {
        id: list

        visible: root.busy
        anchors.fill: parent
        anchors.leftMargin: Theme.space(1)
        anchors.rightMargin: next.width + Theme.space(1)
        orientation: ListView.Horizontal
        clip: true
        interactive: false
        cacheBuffer: 0
        model: root.vm ? root.vm.candidates : null

        delegate: Touchable {
            id: candidate

            required property int index
            required property string text

            objectName: "candidate-" + candidate.index
            label: candidate.text
            width: Math.max(word.implicitWidth + Theme.space(5), Theme.minimum)
            height: list.height
            onTapped: root.vm.choose(candidate.index)

            Rectangle {
                anchors.fill: parent
                anchors.topMargin: Theme.space(1)
                anchors.bottomMargin: Theme.space(1)
                radius: Theme.radiusSmall
                color: candidate.down ? Theme.tealSoft : Theme.surface
            }

            Label {
                id: word

                anchors.centerIn: parent
                text: candidate.text
                wrapMode: Text.NoWrap
                font.pixelSize: Theme.candidate
                font.bold: candidate.index === 0
                color: candidate.index === 0 ? Theme.teal : Theme.ink
                Accessible.ignored: true
            }
        }
    }

    Touchable {
        id: next

        objectName: "candidate-more"
        visible: root.busy && list.contentWidth > list.width
        anchors.right: parent.right
        width: Math.max(nextText.implicitWidth + Theme.space(4), Theme.minimum)
        height: parent.height
        label: Words.t("keyboard.more")
        // Whole candidates only: the first one cut off becomes the first one shown.
        onTapped: {
            const cut = list.indexAt(list.contentX + list.width - 1, list.height / 2)
            if (list.atXEnd || cut < 0)
                list.positionViewAtBeginning()
            else
                list.positionViewAtIndex(Math.max(cut, list.indexAt(list.contentX + 1, list.height / 2) + 1),
                                         ListView.Beginning)
        }

        Rectangle {
            width: Theme.hairline
            height: parent.height / 2
            anchors.verticalCenter: parent.verticalCenter
            color: Theme.line
        }

        Label {
            id: nextText

            anchors.centerIn: parent
            text: next.label
            wrapMode: Text.NoWrap
            font.pixelSize: Theme.keyWord
            Accessible.ignored: true
        }
    }

    Connections {
        target: root.vm
        ignoreUnknownSignals: true

        function onComposed() {
            list.positionViewAtBeginning()
        }
    }
}
