package deploy_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// target is where a link of a page leads: a path and a heading, either of which may be missing.
var target = regexp.MustCompile(`\]\(([^)#\s]*)(?:#([^)\s]+))?\)`)

// linksLeadSomewhere checks that every link of the pages in a folder leads to a file there, and to a heading that it has; other than to the web.
func linksLeadSomewhere(t *testing.T, dir string) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		for _, link := range target.FindAllStringSubmatch(prose(said(t, path)), -1) {
			n++
			checkLink(t, path, link[1], link[2])
		}
		return nil
	})
	if err != nil || n < 100 {
		t.Errorf("%s has %d links: %v", dir, n, err)
	}
}

func checkLink(t *testing.T, page, to, heading string) {
	t.Helper()
	if strings.HasPrefix(to, "https://") {
		return
	}
	path := page
	if to != "" {
		path = filepath.Join(filepath.Dir(page), to)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("%s leads to %s, which is not there", filepath.Base(page), to)
		return
	}
	if heading != "" && !headings(said(t, path))[heading] {
		t.Errorf("%s leads to %s#%s, which has no such heading", filepath.Base(page), to, heading)
	}
}

// prose is a page without its code, in which brackets are no links.
func prose(text string) string {
	text = regexp.MustCompile("(?ms)^```.*?^```").ReplaceAllString(text, "")
	text = regexp.MustCompile("(?m)^    .*$").ReplaceAllString(text, "")
	return regexp.MustCompile("`[^`\n]*`").ReplaceAllString(text, "code")
}

// headings gives the names under which links know the headings of a page.
func headings(text string) map[string]bool {
	names := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		name := regexp.MustCompile(`[^\pL\pN _-]`).ReplaceAllString(strings.ToLower(found[1]), "")
		names[strings.ReplaceAll(name, " ", "-")] = true
	}
	for _, found := range regexp.MustCompile(`<a id="([^"]+)">`).FindAllStringSubmatch(text, -1) {
		names[found[1]] = true
	}
	return names
}

func TestLinksOfTheDocumentationLeadSomewhere(t *testing.T) { linksLeadSomewhere(t, "../docs") }
