package objectstest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Text writes object definitions. A write that fails is Err's from then on.
type Text struct {
	w   io.Writer
	err error
}

// To writes to w.
func To(w io.Writer) *Text { return &Text{w: w} }

// Err gives the first error of a write.
func (t *Text) Err() error { return t.err }

// Define writes one object. Each directive is a line of its own, its name first.
func (t *Text) Define(kind string, directives ...string) {
	t.print("define %s {\n", kind)
	for _, d := range directives {
		t.print("    %s\n", d)
	}
	t.print("}\n")
}

func (t *Text) print(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format, args...)
	}
}

// with gives the directives in more, and those of usual that are not among them.
func with(more []string, usual ...string) []string {
	list := slices.DeleteFunc(usual, func(u string) bool {
		name, _, _ := strings.Cut(u, " ")
		return slices.ContainsFunc(more, func(m string) bool { return m == name || strings.HasPrefix(m, name+" ") })
	})
	return append(list, more...)
}

// Always is the time period that Basis writes; it holds all the time.
const Always = "always"

// Basis writes what hosts and services stand on: the time period Always and a contact who is told of all problems and
// recoveries by the command "tell", which has that line.
func (t *Text) Basis(contact, line string, more ...string) {
	period := []string{"timeperiod_name " + Always, "alias Always"}
	for _, day := range []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"} {
		period = append(period, day+" 00:00-24:00")
	}
	t.Define("timeperiod", period...)
	t.Command("tell", line)
	t.Define("contact", with(more, "contact_name "+contact,
		"host_notification_period "+Always, "service_notification_period "+Always,
		"host_notification_options d,u,r", "service_notification_options w,u,c,r",
		"host_notification_commands tell", "service_notification_commands tell")...)
}

// Command writes a command.
func (t *Text) Command(name, line string) {
	t.Define("command", "command_name "+name, "command_line "+line)
}

// Host writes a host that is not checked, told of to the contact. What more says holds instead.
func (t *Text) Host(name, contact string, more ...string) {
	t.Define("host", with(more, "host_name "+name, "max_check_attempts 1", "check_period "+Always,
		"notification_period "+Always, "contacts "+contact)...)
}

// Service writes a service that is tried three times, told of once to the contact. What more says holds instead.
func (t *Text) Service(host, name, command, contact string, more ...string) {
	t.Define("service", with(more, "host_name "+host, "service_description "+name, "check_command "+command,
		"max_check_attempts 3", "check_period "+Always, "notification_period "+Always, "notification_interval 0",
		"contacts "+contact)...)
}

// Write writes a configuration into dir: a main file of that name with these options, which reads the objects that fill
// writes. It gives the path of the main file.
func Write(dir, name string, options []string, fill func(*Text)) (main string, err error) {
	main = filepath.Join(dir, name)
	text := "cfg_file=objects.cfg\n"
	for _, o := range options {
		text += o + "\n"
	}
	if err := os.WriteFile(main, []byte(text), 0o644); err != nil {
		return "", fmt.Errorf("writing the configuration: %w", err)
	}
	f, err := os.Create(filepath.Join(dir, "objects.cfg"))
	if err != nil {
		return "", fmt.Errorf("writing the configuration: %w", err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<16)
	t := To(w)
	fill(t)
	if err := w.Flush(); err != nil {
		return "", fmt.Errorf("writing the configuration: %w", err)
	}
	if t.err != nil {
		return "", fmt.Errorf("writing the configuration: %w", t.err)
	}
	return main, f.Close()
}
