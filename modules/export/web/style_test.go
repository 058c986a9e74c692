package web_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Each page has the common style and perhaps one of its own. A class that is styled by its bare name in both is two things of one name: then a
// box of one page has the size of another page's.
func TestNoClassIsStyledInTwoFilesOfOnePage(t *testing.T) {
	common := bareClasses(t, "app.css")
	if len(common) < 30 {
		t.Fatalf("only %d classes found in app.css", len(common))
	}
	for _, file := range []string{"engine.css", "object.css", "problems.css"} {
		for class := range bareClasses(t, file) {
			if common[class] {
				t.Errorf(".%s is styled in app.css and in %s", class, file)
			}
		}
	}
}

// bareClasses gives the classes for which a file has a rule whatever they are in.
func bareClasses(t *testing.T, file string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("static/" + file)
	if err != nil {
		t.Fatal(err)
	}
	css := regexp.MustCompile(`(?s)/\*.*?\*/|@media[^{]*\{`).ReplaceAllString(string(text), "")
	classes := map[string]bool{}
	for _, rule := range regexp.MustCompile(`([^{}]+)\{`).FindAllStringSubmatch(css, -1) {
		for selector := range strings.SplitSeq(rule[1], ",") {
			if name, ok := strings.CutPrefix(strings.TrimSpace(selector), "."); ok && regexp.MustCompile(`^[a-z-]+$`).MatchString(name) {
				classes[name] = true
			}
		}
	}
	return classes
}
