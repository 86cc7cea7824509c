pragma ComponentBehavior: Bound

// Staff work on the machine, and their window is hidden: the public is told so as when it is out of service.
OutOfServicePage {
}
