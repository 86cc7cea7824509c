pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// Separate consent to one face check: for what, where the picture goes, and the other way beside it.
PageFrame {
    id: root

    property var vm: null

    title: root.vm && root.vm.name !== "" ? Words.t("consent.title.name", root.vm.name) : Words.t("consent.title")
    lead: Words.t("consent.lead")
    quitShown: true
    leftText: Words.t("nav.back")
    otherText: Words.t("consent.other")
    otherName: "consent-other"
    rightText: Words.t("consent.agree")
    rightName: "consent-agree"
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.vm.back()
    onOtherTapped: root.vm.otherWay()
    onRightTapped: root.vm.agree()

    Card {
        gap: Theme.space(3.5)

        Repeater {
            model: ["consent.what", ...(root.vm && root.vm.moves ? ["consent.moves"] : []), "consent.where", "consent.gone",
                "consent.free"]

            Row {
                id: line

                required property string modelData

                width: parent ? parent.width : 0
                spacing: Theme.space(3)

                Check {
                    id: tick

                    y: Theme.space(0.5)
                    tint: Theme.teal
                }

                Label {
                    width: parent.width - tick.width - parent.spacing
                    text: Words.t(line.modelData)
                }
            }
        }
    }

    aside: [
        Label {
            width: parent ? parent.width : 0
            text: root.vm && !root.vm.laterPossible ? Words.t("consent.other.staff") : Words.t("consent.other.detail")
            color: Theme.ink2
        }
    ]
}
