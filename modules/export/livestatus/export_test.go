package livestatus

// Session is what the port does with a connection.
var Session = (*Module).session
