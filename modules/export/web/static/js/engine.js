import { empty, show } from "./base.js"
show(empty("…"))
