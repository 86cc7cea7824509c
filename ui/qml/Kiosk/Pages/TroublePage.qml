pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// A paper did not come out. First what is safe, then what can be done, best first.
PageFrame {
    id: root

    property var vm: null
    readonly property string heading: root.vm ? root.vm.heading : ""

    chip: root.vm ? root.vm.fault : ""
    chipTone: "warn"
    title: Theme.landscape ? root.heading.replace(/([，。])\n/g, "$1").replace("\n", " ") : root.heading
    lead: root.vm ? root.vm.lead : ""
    sunk: true
    gap: Theme.space(Theme.landscape ? 2 : 3.5)

    Repeater {
        model: root.vm ? root.vm.choices : null

        ChoiceCard {
            required property string choice
            required property string text
            required property string note
            required property bool first

            objectName: "trouble-" + choice
            width: root.contentWidth
            implicitHeight: Math.max(Theme.target, Theme.space(Theme.landscape ? 17 : 23), wordsHeight + Theme.space(Theme.landscape ? 4 : 7))
            title: text
            detail: note
            best: first
            arrow: true
            onTapped: root.vm.choose(choice)
        }
    }

    Label {
        width: parent ? parent.width : 0
        visible: text !== ""
        text: root.vm && root.vm.caseNo !== "" ? Words.t("outcome.case", root.vm.caseNo) : ""
        color: Theme.ink2
    }
}
