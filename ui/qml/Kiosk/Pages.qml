pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Pages
import Kiosk.Theme

// Header, the pages and the panels over them. Each page is loaded once, one after another while nobody is waiting,
// and stays. A page that arrives slides in; until it stands still it takes no touch, so a double tap hits one page.
Item {
    id: root

    readonly property var bridge: (root.parent as Loader).parent.parent.bridge // qmllint disable missing-property
    readonly property var chrome: root.bridge.chrome
    readonly property string page: root.bridge.page
    readonly property var names: ["home", "search", "guide", "identify", "consent", "face", "other_way", "collect", "resume",
                                  "cases", "case", "supplement", "withdraw", "query", "licence", "form", "material", "upload", "commitment", "review", "sign", "keep", "helper", "committing",
                                  "outcome", "handed_in", "trouble", "rate", "farewell",
                                  "out_of_service", "under_work", "entry"]
    // Elsewhere the header calls for help: the start page has its own call, out of service its telephone number.
    readonly property var helpless: ["home", "committing", "out_of_service", "under_work", "entry"]
    readonly property bool idle: root.page === "out_of_service" || root.page === "under_work" // staff may be let in
    readonly property bool sliding: arrival.running // whoever takes a picture waits for its end
    readonly property bool barred: !Theme.landscape && root.chrome.step > 0
    property int preloaded: 0
    property int place: -1

    function file(name: string): url {
        const words = name.split("_").map(word => word.charAt(0).toUpperCase() + word.slice(1))
        return Qt.resolvedUrl("Pages/" + words.join("") + "Page.qml")
    }

    function arrive(direction: int): void {
        arrival.stop()
        area.x = 0
        area.opacity = 1
        if (Theme.brief > 0 && root.visible) {
            slideIn.from = direction * Theme.slide
            arrival.start()
        }
    }

    onPageChanged: {
        const next = root.names.indexOf(root.page)
        root.arrive(next >= root.place ? 1 : -1)
        root.place = next
    }

    Header {
        id: header

        width: parent.width
        chrome: root.chrome
        voice: root.bridge.speech
        helpShown: root.helpless.indexOf(root.page) < 0
    }

    HiddenPress {
        parent: header.mark
        anchors.fill: parent
        enabled: root.idle
        surface: root
        onHeld: root.bridge.model(root.page).askEntry()
    }

    ProgressBars {
        x: Theme.gutter
        y: header.height + Theme.space(3)
        visible: root.barred
        width: parent.width - 2 * Theme.gutter
        step: root.chrome.step
    }

    HelperStrip {
        id: strip

        chrome: Theme.landscape ? null : root.chrome
        x: Theme.gutter
        y: header.height + (root.barred ? Theme.space(6) : 0)
        width: parent.width - 2 * Theme.gutter
    }

    Item {
        id: area

        y: strip.visible ? strip.y + strip.height + Theme.space(2)
                         : header.height + (root.barred ? Theme.space(8) : Theme.space(Theme.landscape ? 1 : 2.5))
        width: root.width
        height: root.height - y
        enabled: !arrival.running

        Repeater {
            model: root.names

            Loader {
                id: holder

                required property string modelData
                required property int index
                readonly property bool wanted: root.page === holder.modelData
                readonly property bool standing: holder.status === Loader.Ready
                readonly property bool due: holder.wanted || holder.index <= root.preloaded
                property bool begun: false

                function begin(): void {
                    if (!holder.begun && holder.due) {
                        holder.begun = true
                        holder.source = root.file(holder.modelData)
                    }
                }

                anchors.fill: parent
                asynchronous: !holder.wanted
                visible: holder.wanted
                onDueChanged: holder.begin()
                onLoaded: if (holder.index === root.preloaded) root.preloaded = holder.index + 1
                Component.onCompleted: holder.begin()

                // Not by setSource(): its properties are lost when `asynchronous` changes while the page is on its way.
                Binding {
                    target: holder.item
                    property: "vm"
                    value: root.bridge.model(holder.modelData)
                }
            }
        }
    }

    onPreloadedChanged: {
        // A page that was wanted out of turn is already there.
        const loader = area.children[root.preloaded] as Loader
        if (loader && loader.status === Loader.Ready)
            root.preloaded += 1
    }

    Connections {
        target: root.bridge

        function onTurned(direction: int) {
            root.arrive(direction)
        }
    }

    ParallelAnimation {
        id: arrival

        NumberAnimation {
            id: slideIn

            target: area
            property: "x"
            to: 0
            duration: Theme.brief
            easing.type: Easing.OutCubic
        }

        NumberAnimation {
            target: area
            property: "opacity"
            from: 0
            to: 1
            duration: Theme.brief
        }
    }

    Overlays {
        anchors.fill: parent
        chrome: root.chrome
    }
}
