pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// Asked once more, in plain words. Keeping it is as easy as withdrawing; why it is withdrawn nobody has to say.
PageFrame {
    id: root

    property var vm: null

    title: Words.t("withdraw.title")
    lead: root.vm ? root.vm.lead : ""
    quitShown: true
    otherText: Words.t("withdraw.keep")
    otherName: "nav-back"
    rightText: Words.t("withdraw.go")
    rightName: "withdraw-go"
    rightTone: "danger"
    gap: Theme.space(3)
    onQuitTapped: root.vm.quit()
    onOtherTapped: root.vm.back()
    onRightTapped: root.vm.confirm()

    Label {
        visible: text !== ""
        width: parent ? parent.width : 0
        text: root.vm ? root.vm.problemText : ""
        color: Theme.bad
    }

    Card {
        padding: Theme.space(4.5)
        gap: Theme.space(2)

        Repeater {
            model: root.vm ? root.vm.meaning : []

            Label {
                required property string modelData

                width: parent ? parent.width : 0
                text: modelData
            }
        }
    }

    Label {
        width: parent ? parent.width : 0
        text: Words.t("withdraw.why")
        font.pixelSize: Theme.elder ? Theme.small : Theme.space(4)
        color: Theme.ink2
    }

    Repeater {
        model: root.vm ? root.vm.reasons : null

        ChoiceCard {
            required property int place
            required property string text

            required chosen

            objectName: "withdraw-reason-" + place
            width: root.contentWidth
            title: text
            tick: true
            onTapped: root.vm.choose(place)
        }
    }
}
