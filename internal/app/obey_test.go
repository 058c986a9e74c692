package app_test

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"testing"

	"github.com/onbu/onbu/arbiter/objects/objectstest"
	"github.com/onbu/onbu/internal/app"
)

// A module of a broker may give commands in a process where there is no receiver.
func TestABrokerNeedsNoReceiverBesideItForCommands(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "live")
	main, err := objectstest.Write(t.TempDir(), "main.cfg", []string{"interval_length=1"}, func(o *objectstest.Text) {
		o.Command("dummy", "/usr/lib/nagios/plugins/check_dummy $ARG1$ fine")
		o.Basis("ann", "/bin/true")
		o.Host("web", "ann", "address 127.0.0.1")
		o.Define("module", "module_name live", "module_type livestatus", "socket "+socket, "commands 1")
	})
	if err != nil {
		t.Fatal(err)
	}
	roles := slices.DeleteFunc(app.Roles(), func(role string) bool { return role == "receiver" })
	p := run(t, app.Options{Roles: roles, Main: main})
	query := "GET hosts\nColumns: notifications_enabled\n\n"
	p.eventually("livestatus answers", func() error { return says(socket, query, "1\n") })
	if err := says(socket, "COMMAND DISABLE_HOST_NOTIFICATIONS;web\n\n", ""); err != nil {
		t.Error(err)
	}
	p.eventually("the command is carried out", func() error { return says(socket, query, "0\n") })
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}

// says is nil if a Livestatus server answers so.
func says(socket, request, want string) error {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		return err
	}
	if err := c.(*net.UnixConn).CloseWrite(); err != nil {
		return err
	}
	if got, err := io.ReadAll(c); err != nil || string(got) != want {
		return fmt.Errorf("%q, %v", got, err)
	}
	return nil
}
