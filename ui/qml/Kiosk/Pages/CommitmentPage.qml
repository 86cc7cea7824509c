pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// A commitment may be chosen: each clause is agreed to by its own touch, and not committing is as easy.
PageFrame {
    id: root

    property var vm: null

    title: root.vm ? root.vm.title : ""
    lead: root.vm ? root.vm.notice : ""
    quitShown: true
    leftText: Words.t("nav.back")
    note: root.vm && root.vm.missing > 0 ? Words.t("commit.every", root.vm.missing) : ""
    toTheEnd: root.vm ? !root.vm.complete : false
    otherText: Words.t("commit.decline")
    otherName: "commit-decline"
    rightText: Words.t("commit.next")
    rightEnabled: root.vm ? root.vm.complete : false
    gap: Theme.space(2.5)
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.vm.back()
    onOtherTapped: root.vm.decline()
    onRightTapped: root.vm.next()

    Label {
        visible: root.vm ? root.vm.replaces !== "" : false
        width: parent ? parent.width : 0
        text: root.vm ? Words.t("commit.replaces", root.vm.replaces) : ""
        font.bold: true
        color: Theme.tealDeep
    }

    Repeater {
        model: root.vm ? root.vm.clauses : null

        ChoiceCard {
            required property int index
            required property string text
            required property bool agreed

            objectName: "clause-" + index
            width: root.contentWidth
            implicitHeight: Math.max(Theme.elder ? Theme.target : Theme.space(15), wordsHeight + Theme.space(4))
            title: text
            size: Theme.elder ? Theme.body : Theme.space(4.5)
            chosen: agreed
            tick: true
            role: Accessible.CheckBox
            onTapped: root.vm.toggle(index)
        }
    }

    aside: [
        Label {
            visible: root.vm ? root.vm.otherwise !== "" : false
            width: parent ? parent.width : 0
            text: root.vm ? Words.t("commit.otherwise", root.vm.otherwise) : ""
            font.pixelSize: Theme.elder ? Theme.small : Theme.space(4)
            color: Theme.ink2
        }
    ]
}
