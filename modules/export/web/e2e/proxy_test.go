package e2e_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/internal/realpeer/browser"
	"github.com/onbu/onbu/monitor/api"
)

// proxyWalks are about pages behind nginx, with what docs/pages-setup.md says to write there.
func proxyWalks() []walk {
	return []walk{
		{"behind nginx, at another path, pages are live, take commands, and are signed in to and out of", behindNginx},
		{"behind nginx that asks who it is, nobody signs in again", askedByNginx},
	}
}

// nginx starts one with both examples of docs/pages-setup.md, and gives where it is. Who it asks are the people of the site.
func (s *site) nginx(t *testing.T) (at string) {
	t.Helper()
	program := realpeer.Program(t, "nginx", "nginx-light")
	dir, port := realpeer.Dir(t), realpeer.Port(t)
	var passwords strings.Builder
	for _, p := range people {
		fmt.Fprintf(&passwords, "%s:{PLAIN}%s\n", p.Name, password(p.Name))
	}
	file := realpeer.File(t, dir, "people", passwords.String())
	locations := strings.NewReplacer("127.0.0.1:7780", fmt.Sprintf("127.0.0.1:%d", s.engine.own), "/etc/nginx/people", file).Replace(strings.Join(examples(t), "\n"))
	var temporary strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temporary, "\t%s_temp_path %s;\n", kind, filepath.Join(dir, kind))
	}
	config := realpeer.File(t, dir, "nginx.conf", fmt.Sprintf(`daemon off;
pid %s/pid;
error_log stderr;
events {}
http {
	access_log off;
%s	server {
		listen 127.0.0.1:%d;
		proxy_bind 127.0.0.9; # browsers come from 127.0.0.1, and are no proxies
%s	}
}
`, dir, temporary.String(), port, locations))
	at = fmt.Sprintf("127.0.0.1:%d", port)
	realpeer.Start(t, program, "-e", "stderr", "-p", dir, "-c", config).Listening(t, at)
	return at
}

// examples gives what docs/pages-setup.md has nginx be told.
func examples(t *testing.T) (all []string) {
	t.Helper()
	text, err := os.ReadFile("../../../../docs/pages-setup.md")
	if err != nil {
		t.Fatal(err)
	}
	for i, block := range strings.Split(string(text), "```\n") {
		if i%2 == 1 && strings.HasPrefix(block, "location ") {
			all = append(all, block)
		}
	}
	if len(all) != 2 {
		t.Fatalf("docs/pages-setup.md has %d examples for nginx, want two", len(all))
	}
	return all
}

func behindNginx(t *testing.T, s *site, b *browser.Browser) {
	ui := "http://" + s.nginx(t) + "/onbu/ui/"
	tab := b.Tab(t)
	tab.Allow("401") // the page to sign in asks whether somebody has
	tab.Go(ui)
	tab.Fill("Name", "anna")
	tab.Fill("Password", password("anna"))
	tab.Press(browser.Enter)
	tab.Until("it is the page of the problems", "document.body.dataset.page === 'problems' && document.body.dataset.who === 'anna'")
	s.acknowledgedThrough(t, tab)
	for _, page := range all {
		tab.Go(ui + page)
		tab.Until(page+" is live", "document.getElementById('pulse').dataset.state === 'on' || document.body.dataset.page === 'simulate'")
		if at := tab.URL(); !strings.HasPrefix(at, ui) {
			t.Errorf("%s leads to %s", page, at)
		}
	}
	tab.Click("", "Signed in as anna")
	tab.Click("button", "Sign out")
	tab.Sees("You are signed out")
	tab.Go(ui + "tree")
	tab.Until("it asks who it is", "document.body.dataset.page === 'sign-in'")
}

func askedByNginx(t *testing.T, s *site, b *browser.Browser) {
	at := s.nginx(t)
	tab := b.Tab(t)
	tab.Go((&url.URL{Scheme: "http", Host: at, Path: "/monitoring/ui/", User: url.UserPassword("anna", password("anna"))}).String())
	tab.Go("http://" + at + "/monitoring/ui/problems") // a page whose address has a password in it may ask for nothing
	tab.Until("nginx has said who it is", "document.body.dataset.who === 'anna' && document.body.dataset.role === 'command'")
	s.acknowledgedThrough(t, tab)
	tab.Click("", "Signed in as anna")
	tab.Sees("signed in by the proxy")
}

// acknowledgedThrough has a page of problems learn of one, and acknowledges it there.
func (s *site) acknowledgedThrough(t *testing.T, tab *browser.Tab) {
	t.Helper()
	tab.Sees("All is well")
	s.service("core", "disk", 2, "full")
	tab.Sees("core/disk")
	tab.Press("ja")
	tab.Fill("What is being done about it?", "through nginx")
	tab.Click("button", "Acknowledge")
	s.seen("core", "disk", "is acknowledged", func(o *api.Object) bool { return o.Acknowledged })
}
