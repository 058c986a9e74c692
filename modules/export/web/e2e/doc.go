// Package e2e looks at the web pages as people do: its tests run the whole engine in this process and a Chromium beside it, and
// walk through every page and every action. There is nothing in it but tests.
package e2e
