package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onbu/onbu/arbiter/objects/objectstest"
	"github.com/onbu/onbu/internal/realpeer"
)

// config is a configuration that a test writes. Its contact ada is told by a line in the file told.
type config struct {
	*objectstest.Text
	t       *testing.T
	dir     string
	told    string
	objects strings.Builder
}

func newConfig(t *testing.T) *config {
	c := &config{t: t, dir: t.TempDir()}
	c.told = filepath.Join(c.dir, "told")
	c.Text = objectstest.To(&c.objects)
	c.Basis("ada", `echo "$NOTIFICATIONTYPE$ $HOSTNAME$/$SERVICEDESC$ $SERVICEOUTPUT$" >> `+c.told)
	return c
}

// host adds a host that is not checked itself.
func (c *config) host(name string) { c.Host(name, "ada") }

// service adds a service that is tried three times unless more says otherwise.
func (c *config) service(host, name, command string, more ...string) {
	c.Service(host, name, command, "ada", more...)
}

// script adds an executable shell script and gives its path.
func (c *config) script(name, text string) string {
	c.t.Helper()
	path := realpeer.File(c.t, c.dir, name, "#!/bin/sh\n"+text)
	if err := os.Chmod(path, 0o755); err != nil {
		c.t.Fatal(err)
	}
	return path
}

// write writes the files and gives the path of the main one. A time unit is a second.
func (c *config) write(options ...string) string {
	c.t.Helper()
	realpeer.File(c.t, c.dir, "objects.cfg", c.objects.String())
	return realpeer.File(c.t, c.dir, "main.cfg", "cfg_file=objects.cfg\ninterval_length=1\n"+strings.Join(options, "\n")+"\n")
}

// tellings gives what ada was told so far.
func (c *config) tellings() ([]string, error) {
	text, err := os.ReadFile(c.told)
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), err
}
