pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// A matter by its name: every key is answered by what fits. Who finds nothing is told whom to ask, and sees all
// categories.
PageFrame {
    id: root

    property var vm: null
    readonly property bool wide: !Theme.landscape && !Theme.elder // the promise has room beside the name
    readonly property bool nothing: root.vm ? root.vm.nothing : false

    title: Words.t("search.title")
    titleSize: Theme.elder ? Theme.question : Theme.h1
    quitShown: true
    leftText: Words.t("nav.back")
    hasInput: true
    gap: Theme.space(2)
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.vm.back()

    TextEntry {
        value: root.vm ? root.vm.input.text : ""
        composition: root.vm ? root.vm.input.composition : ""
    }

    Label {
        visible: root.nothing
        width: root.contentWidth
        text: Words.t("search.none")
        font.bold: true
    }

    Repeater {
        model: root.vm ? root.vm.services : null

        ChoiceCard {
            required property string serviceId
            required property string name
            required property string shortName
            required property string line
            required property bool able

            objectName: "search-service-" + serviceId
            width: root.contentWidth
            title: Theme.elder ? shortName : name
            detail: root.wide ? "" : line
            badge: root.wide ? line : ""
            badgeTone: able ? "ok" : "warn"
            arrow: true
            onTapped: root.vm.choose(serviceId)
        }
    }

    Label {
        visible: text !== ""
        width: root.contentWidth
        text: root.vm ? root.vm.note : ""
        color: Theme.ink2
    }

    CategoryGrid {
        visible: root.nothing
        width: root.contentWidth
        columns: Theme.landscape ? 1 : 2
        prefix: "search-category-"
        model: root.vm ? root.vm.categories : null
        onChosen: key => root.vm.open(key)
    }

    input: Keyboard {
        id: keyboard

        width: parent ? parent.width : 0
        vm: root.vm ? root.vm.input : null
    }

    onVisibleChanged: if (root.visible) keyboard.sheet = "letters"
}
