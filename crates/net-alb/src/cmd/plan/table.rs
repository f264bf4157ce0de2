//! A plan as text.

use super::count::Plan;

/// Columns of text, as wide as the widest cell.
struct Table(Vec<Vec<String>>);

impl Table {
    fn new<const N: usize>(heads: [&str; N]) -> Table {
        Table(vec![heads.map(str::to_owned).into()])
    }

    fn add<const N: usize>(&mut self, cells: [String; N]) {
        self.0.push(cells.into());
    }

    fn text(&self) -> String {
        let columns = self.0[0].len();
        let width =
            |column: usize| self.0.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
        };
        self.0.iter().map(line).collect()
    }
}

/// How many load balancers there are, how full each is, and what each route costs.
pub(super) fn text(plan: &Plan) -> String {
    let mut needed = Table::new(["KIND", "LOAD BALANCERS", "AT LEAST", "RULES"]);
    for kind in &plan.needed {
        let numbers = [kind.load_balancers, kind.lower_bound, kind.rules].map(|number| number.to_string());
        let [albs, bound, rules] = numbers;
        needed.add([kind.address_type.word().to_owned(), albs, bound, rules]);
    }
    let heads =
        ["LOAD BALANCER", "LISTENER", "RULES", "CONDITIONS", "TARGETS", "CERTIFICATES", "SERVER GROUPS"];
    let mut listeners = Table::new(heads);
    for alb in &plan.load_balancers {
        for listener in &alb.listeners {
            let numbers = [listener.rules, listener.conditions, listener.targets, listener.certificates];
            let [rules, conditions, targets, certificates] = numbers.map(|number| number.to_string());
            let id = format!("{}/{}", listener.port, listener.protocol);
            listeners.add([alb.name.clone(), id, rules, conditions, targets, certificates, String::new()]);
        }
        let of = |used: &super::count::Used| format!("{} of {}", used.used, used.limit);
        let (rules, certificates, groups) =
            (of(&alb.rules), of(&alb.certificates), alb.server_groups.to_string());
        let none = String::new();
        listeners.add([alb.name.clone(), "all".to_owned(), rules, none.clone(), none, certificates, groups]);
    }
    let mut routes = Table::new(["ROUTE", "KIND", "RULES", "BY THE GATEWAY", "ON"]);
    for route in &plan.routes {
        let on = route.load_balancers.iter().cloned().collect::<Vec<_>>().join(", ");
        let (rules, hops) = (route.rules.to_string(), route.hops.to_string());
        routes.add([route.name.clone(), route.kind.to_owned(), rules, hops, on]);
    }
    [needed, listeners, routes].map(|table| table.text()).join("\n")
}
