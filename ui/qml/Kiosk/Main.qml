pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Pages
import Kiosk.Theme

// The window's content. Drawn for 1080x1920 or 1920x1080 and scaled as one; the rest of the pages comes after the
// first frame.
Rectangle {
    id: root

    required property var bridge
    required property bool still
    readonly property bool wide: root.width > root.height
    readonly property real zoom: Math.max(0.05, root.wide ? Math.min(root.width / 1920, root.height / 1080)
                                                          : Math.min(root.width / 1080, root.height / 1920))
    readonly property string page: root.bridge.page
    readonly property bool working: root.page === "maintenance"
    readonly property bool waiting: root.page === "recovering" || root.page === "attract" || root.page === "wiping"

    color: Theme.paper

    Binding {
        target: Theme
        property: "elder"
        value: root.bridge.elder && !root.waiting && !root.working
    }

    Binding {
        target: Theme
        property: "landscape"
        value: root.wide
    }

    Binding {
        target: Theme
        property: "reducedMotion"
        value: root.still
    }

    Binding {
        target: Words
        property: "source"
        value: root.bridge.words
    }

    Item {
        width: root.width / root.zoom
        height: root.height / root.zoom
        scale: root.zoom
        transformOrigin: Item.TopLeft

        AttractPage {
            anchors.fill: parent
            visible: root.waiting
            vm: root.bridge.attract
            voice: root.bridge.speech
            phase: root.page
            trial: root.bridge.chrome ? root.bridge.chrome.test : false
        }

        Loader {
            id: pages

            readonly property bool standing: pages.status === Loader.Ready

            anchors.fill: parent
            visible: !root.waiting && !root.working
            asynchronous: root.waiting
            active: root.bridge.attached
            source: "Pages.qml"
        }

        // For staff: nothing of it is there at any other time.
        Loader {
            id: works

            readonly property bool standing: !root.working || works.status === Loader.Ready

            anchors.fill: parent
            active: root.working
            source: "Maintenance/MaintenanceWindow.qml"

            Binding {
                target: works.item
                property: "bridge"
                value: root.bridge
            }
        }
    }
}
