package natsbus

// Passing says of an error whether trying again may help: the bus elects a leader, or lacks servers.
func (c *Conn) Passing(err error) bool { return unready(err) }
